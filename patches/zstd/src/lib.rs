//! The items of `zstd` that Pingora names, without a compressor, as in `patches/brotli`.
#![forbid(unsafe_code)]

use std::io::{self, ErrorKind::Unsupported};

fn refused() -> io::Error {
    io::Error::new(Unsupported, "hubgate is built without zstd")
}

/// Dictionaries, which Pingora's cache can train.
pub mod dict {
    use std::io;
    use std::path::Path;

    /// Always fails.
    pub fn from_files<I, P>(_files: I, _largest: usize) -> io::Result<Vec<u8>>
    where
        P: AsRef<Path>,
        I: IntoIterator<Item = P>,
    {
        Err(super::refused())
    }
}

/// Compression of a stream.
pub mod stream {
    /// Compression into a writer.
    pub mod write {
        use std::io::{self, Write};
        use std::marker::PhantomData;

        use crate::refused;

        /// Takes no bytes.
        pub struct Encoder<'a, W>(W, PhantomData<&'a ()>);

        impl<W> Encoder<'_, W> {
            /// Never fails, as Pingora unwraps it.
            pub fn new(writer: W, _level: i32) -> io::Result<Self> {
                Ok(Self(writer, PhantomData))
            }

            /// Always fails.
            pub fn with_dictionary(
                _writer: W,
                _level: i32,
                _dictionary: &[u8],
            ) -> io::Result<Self> {
                Err(refused())
            }

            /// The inner writer.
            pub fn get_ref(&self) -> &W {
                &self.0
            }

            /// The inner writer.
            pub fn get_mut(&mut self) -> &mut W {
                &mut self.0
            }

            /// Always fails.
            pub fn do_finish(&mut self) -> io::Result<()> {
                Err(refused())
            }
        }

        impl<W> Write for Encoder<'_, W> {
            fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
                Err(refused())
            }

            fn flush(&mut self) -> io::Result<()> {
                Err(refused())
            }
        }
    }
}
