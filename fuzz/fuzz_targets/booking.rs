#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| skybridge_properties::named("booking")(data));
