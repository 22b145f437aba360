//! Would a program start on Lambda? Told from its ELF header and its program headers
//! (<https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html>).

use anyhow::{Context, Result, bail, ensure};

use super::Architecture;

/// A segment that names the program's dynamic linker.
const PT_INTERP: u32 = 3;

/// Makes sure that `program` is an executable for `architecture` that brings along all that it needs.
pub(super) fn runs_on_lambda(program: &[u8], architecture: Architecture) -> Result<()> {
    let elf = Elf::of(program).context("it is no 64-bit little-endian ELF file")?;
    let machine = match architecture {
        Architecture::Arm64 => 183,
        Architecture::X86_64 => 62,
    };
    let found = elf.machine().context("its ELF header is cut off")?;
    ensure!(found == machine, "it is for ELF machine {found}, and {} is {machine}", architecture.name());
    if let Some(interpreter) = elf.interpreter().context("its program headers are cut off")? {
        bail!(
            "it is linked dynamically, to be loaded by {interpreter}, which Lambda may not have, or in another version"
        );
    }
    Ok(())
}

struct Elf<'a>(&'a [u8]);

impl<'a> Elf<'a> {
    fn of(file: &'a [u8]) -> Option<Self> {
        let (class_64, little_endian) = (2, 1);
        (file.get(..6)? == [0x7f, b'E', b'L', b'F', class_64, little_endian]).then_some(Self(file))
    }

    fn machine(&self) -> Option<u16> {
        self.number(18)
    }

    /// The dynamic linker that the program asks for; none if it is static. The outer is none if the file is cut off.
    fn interpreter(&self) -> Option<Option<String>> {
        let table = usize::try_from(self.number::<u64>(32)?).ok()?;
        let (entry_bytes, count) =
            (usize::from(self.number::<u16>(54)?), usize::from(self.number::<u16>(56)?));
        for entry in (0..count).map(|index| table + index * entry_bytes) {
            if self.number::<u32>(entry)? == PT_INTERP {
                let start = usize::try_from(self.number::<u64>(entry + 8)?).ok()?;
                let bytes = usize::try_from(self.number::<u64>(entry + 32)?).ok()?;
                let name = self.0.get(start..start.checked_add(bytes)?)?;
                return Some(Some(String::from_utf8_lossy(name).trim_end_matches('\0').to_owned()));
            }
        }
        Some(None)
    }

    fn number<T: LittleEndian>(&self, at: usize) -> Option<T> {
        T::read(self.0.get(at..)?)
    }
}

trait LittleEndian: Sized {
    fn read(bytes: &[u8]) -> Option<Self>;
}

macro_rules! little_endian {
    ($($number:ty),*) => {$(
        impl LittleEndian for $number {
            fn read(bytes: &[u8]) -> Option<Self> {
                bytes.first_chunk().copied().map(Self::from_le_bytes)
            }
        }
    )*};
}

little_endian!(u16, u32, u64);

#[cfg(test)]
mod tests {
    use super::*;

    /// A header with one program header behind it.
    fn elf(machine: u16, segment: u32, interpreter: &str) -> Vec<u8> {
        let mut file = vec![0; 120];
        file[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1]);
        file[18..20].copy_from_slice(&machine.to_le_bytes());
        file[32..40].copy_from_slice(&64_u64.to_le_bytes());
        file[54..56].copy_from_slice(&56_u16.to_le_bytes());
        file[56..58].copy_from_slice(&1_u16.to_le_bytes());
        file[64..68].copy_from_slice(&segment.to_le_bytes());
        file[72..80].copy_from_slice(&120_u64.to_le_bytes());
        file[96..104].copy_from_slice(&(interpreter.len() as u64).to_le_bytes());
        file.extend(interpreter.as_bytes());
        file
    }

    fn told(program: &[u8], architecture: Architecture) -> String {
        runs_on_lambda(program, architecture)
            .map_or_else(|error| format!("{error:#}"), |()| "runs".to_owned())
    }

    #[test]
    fn a_static_program_of_the_right_machine_runs() {
        assert_eq!(told(&elf(62, 1, ""), Architecture::X86_64), "runs");
        assert_eq!(told(&elf(183, 1, ""), Architecture::Arm64), "runs");
        assert!(told(&elf(62, 1, ""), Architecture::Arm64).contains("ELF machine 62"));
    }

    #[test]
    fn a_program_that_needs_this_systems_libraries_is_refused() {
        let dynamic = elf(62, PT_INTERP, "/lib64/ld-linux-x86-64.so.2\0");
        assert!(
            told(&dynamic, Architecture::X86_64).contains("to be loaded by /lib64/ld-linux-x86-64.so.2,")
        );
    }

    #[test]
    fn what_is_no_whole_program_is_refused() {
        assert!(told(b"#!/bin/sh", Architecture::X86_64).contains("no 64-bit"));
        assert!(told(&elf(62, 1, "")[..66], Architecture::X86_64).contains("cut off"));
        assert!(told(&elf(62, PT_INTERP, "/lib/ld.so")[..90], Architecture::X86_64).contains("cut off"));
    }
}
