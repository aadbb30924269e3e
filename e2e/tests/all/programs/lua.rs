//! Lua, running a script.

use kiln_e2e::CProgram;

use super::edit_matrix::EditMatrix;

#[test]
fn lua_is_built_and_runs_a_script() {
    let program = CProgram {
        name: "lua",
        crate_name: "lua-src",
        directory: "lua-5.4.8",
        folders: &["."],
        excluded: &[],
        main: include_str!("../../../fixtures/programs/lua.c"),
        copts: &["-O1", "-DLUA_USE_POSIX"],
        linkopts: &["-lm"],
    };
    let matrix = EditMatrix {
        program,
        source: "lctype.c",
        header: "lopcodes.h",
        arguments: &["print(6 * 7, _VERSION)"],
        answer: "42\tLua 5.4\n",
    };
    matrix.check();
}
