//! Hashing of file contents: digests, fingerprints of workspace files, and the reader that verifies them.
