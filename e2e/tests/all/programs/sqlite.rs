//! The SQLite amalgamation, one source of a quarter of a million lines, answering SQL.

use kiln_e2e::CProgram;

use super::edit_matrix::EditMatrix;

#[test]
fn sqlite_is_built_and_answers_sql() {
    let program = CProgram {
        name: "sqlite",
        crate_name: "libsqlite3-sys",
        directory: "sqlite3",
        folders: &["."],
        excluded: &["wasm32-wasi-vfs.c"],
        main: include_str!("../../../fixtures/programs/sqlite.c"),
        copts: &[
            "-O0",
            "-DSQLITE_THREADSAFE=0",
            "-DSQLITE_OMIT_LOAD_EXTENSION",
        ],
        linkopts: &["-lm"],
    };
    let matrix = EditMatrix {
        program,
        source: "sqlite3.c",
        header: "sqlite3.h",
        arguments: &[
            "create table t(a, b); insert into t values (1, 'x'), (41, 'y'); select sum(a), group_concat(b) from t",
        ],
        answer: "42|x,y\n",
    };
    matrix.check();
}
