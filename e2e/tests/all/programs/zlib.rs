//! zlib, with the check values that its checksums are published with.

use kiln_e2e::CProgram;

use super::edit_matrix::EditMatrix;

#[test]
fn zlib_is_built_and_restores_what_it_compressed() {
    let program = CProgram {
        name: "zlib",
        crate_name: "libz-sys",
        directory: "src/zlib",
        folders: &["."],
        excluded: &[],
        main: include_str!("../../../fixtures/programs/zlib.c"),
        copts: &["-O1", "-DHAVE_UNISTD_H"],
        linkopts: &[],
    };
    let matrix = EditMatrix {
        program,
        source: "adler32.c",
        header: "inftrees.h",
        arguments: &["123456789"],
        answer: "smaller: yes\ncrc32 cbf43926 adler32 091e01de\n",
    };
    matrix.check();
}
