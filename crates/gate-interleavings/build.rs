//! Has the gate's source built over shuttle's locks (`crates/gate/src/locks.rs`).

fn main() {
    println!("cargo::rustc-cfg=shuttle");
    println!("cargo::rerun-if-changed=build.rs");
}
