//! The items of `brotli` that Pingora names, without a compressor.
//!
//! Pingora can compress responses, and links every compressor. hubgate forwards bodies unchanged
//! and uses none; the compressor would add a megabyte to the binary. Every write returns an error.
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

            /// The inner writer.
            pub fn get_ref(&self) -> &W {
                &self.0
            }

            /// The inner writer.
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
