//! What the engine names of `brotli`, in place of it.
//!
//! The engine can compress answers, and is linked with every compressor it
//! knows. hubgate passes bodies on as they are and never asks for one; without
//! this the compressor's megabyte would be in the binary all the same. Whoever
//! did ask would get an error for every byte.
#![forbid(unsafe_code)]

use std::io::{self, ErrorKind::Unsupported, Write};

fn refused() -> io::Error {
    io::Error::new(Unsupported, "hubgate is built without brotli")
}

macro_rules! refusing {
    ($name:ident, new($($parameter:ident: $type:ty),*)) => {
        /// Takes no bytes.
        pub struct $name<W>(W);

        impl<W> $name<W> {
            /// Never fails, as the original.
            pub fn new(writer: W, $($parameter: $type),*) -> Self {
                Self(writer)
            }

            /// What would be written to.
            pub fn get_ref(&self) -> &W {
                &self.0
            }

            /// What would be written to.
            pub fn get_mut(&mut self) -> &mut W {
                &mut self.0
            }
        }

        impl<W> Write for $name<W> {
            fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
                Err(refused())
            }

            fn flush(&mut self) -> io::Result<()> {
                Err(refused())
            }
        }
    };
}

refusing!(CompressorWriter, new(_buffer: usize, _quality: u32, _window: u32));
refusing!(DecompressorWriter, new(_buffer: usize));
