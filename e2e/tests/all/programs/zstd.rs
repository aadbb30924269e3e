//! zstd, whose sources lie in several folders and include each other's headers through `..`.

use kiln_e2e::CProgram;

use super::edit_matrix::EditMatrix;

#[test]
fn zstd_is_built_and_restores_what_it_compressed() {
    let program = CProgram {
        name: "zstd",
        crate_name: "zstd-sys",
        directory: "zstd/lib",
        folders: &[".", "common", "compress", "decompress"],
        excluded: &[],
        main: include_str!("../../../fixtures/programs/zstd.c"),
        copts: &["-O0", "-DZSTD_DISABLE_ASM"],
        linkopts: &[],
    };
    let matrix = EditMatrix {
        program,
        source: "common/debug.c",
        header: "common/threading.h",
        arguments: &["123456789"],
        answer: "smaller: yes\nxxh64 40e6ae83\n",
    };
    matrix.check();
}
