//! Has the gate's source built over shuttle's locks (`crates/gate/src/locks.rs`).

#![expect(clippy::print_stdout, reason = "it is how a build script speaks to cargo")]

fn main() {
    println!("cargo::rustc-cfg=shuttle");
    println!("cargo::rerun-if-changed=build.rs");
}
