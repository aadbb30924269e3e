//! What every program must survive: each edit of its sources executes exactly what it changes, and undoing it nothing.

use kiln_e2e::{CPackage, CProgram, Run, Workspace};

/// A program, and the edits to try on it.
pub struct EditMatrix {
    /// The program.
    pub program: CProgram,
    /// A source that gets a comment.
    pub source: &'static str,
    /// A header that some objects include and others do not.
    pub header: &'static str,
    /// Arguments of the finished program.
    pub arguments: &'static [&'static str],
    /// What it then prints.
    pub answer: &'static str,
}

const COMMENT: &str = "\n/* A comment at the very end moves no line. */\n";

impl EditMatrix {
    /// Runs all of it in one workspace, so that the program is compiled once.
    pub fn check(&self) {
        let workspace = Workspace::new();
        let package = self.program.lay_out(&workspace);
        let built = Built {
            matrix: self,
            workspace,
            package,
        };
        built.builds_everything_once();
        built.declares_what_the_compiler_includes();
        built.does_nothing_twice();
        built.ignores_a_touch();
        built.compiles_one_object_for_a_comment();
        built.compiles_the_users_of_a_header();
        built.restores_from_the_store();
        built.builds_nothing_in_another_checkout();
        built.links_for_a_real_change();
    }
}

/// A program in its workspace.
struct Built<'a> {
    matrix: &'a EditMatrix,
    workspace: Workspace,
    package: CPackage,
}

impl Built<'_> {
    fn run(&self) -> Run {
        let run = self.workspace.run([self.package.program()]);
        run.success()
            .prints(&format!("{}\n", self.package.output()))
    }

    fn builds_everything_once(&self) {
        let mut all = self.package.objects();
        all.push(self.package.program());
        self.run().ran(&all);
        self.answers(&self.workspace);
    }

    fn answers(&self, workspace: &Workspace) {
        let run = workspace
            .kiln(["run", &self.package.program(), "--"])
            .args(self.matrix.arguments)
            .run();
        run.success().prints(self.matrix.answer).ran_nothing();
    }

    /// The engine's own list of inputs against the compiler's, object by object.
    fn declares_what_the_compiler_includes(&self) {
        for source in self.package.sources() {
            let inputs = format!("deps({}, 1)", self.package.object(source));
            let run = self.workspace.kiln(["query", &inputs]).run().success();
            let declared: Vec<&str> = run
                .stdout()
                .lines()
                .filter(|line| line.ends_with(".h"))
                .collect();
            let file = |path: &String| format!("//@fs:file@path={}", self.package.file(path));
            let included: Vec<String> = self.package.headers_of(source).iter().map(file).collect();
            assert_eq!(declared, included, "headers of {source}");
        }
    }

    fn does_nothing_twice(&self) {
        let summary = self.run().ran_nothing().summary();
        assert_eq!(summary.cached as usize, self.package.objects().len() + 1);
    }

    fn ignores_a_touch(&self) {
        for source in self.package.sources() {
            self.workspace.touch(self.package.file(source));
        }
        self.run().ran_nothing();
    }

    fn compiles_one_object_for_a_comment(&self) {
        self.edited(self.matrix.source, || {
            self.run().ran([self.package.object(self.matrix.source)]);
        });
    }

    fn compiles_the_users_of_a_header(&self) {
        let users = self.package.users_of(self.matrix.header);
        assert!(
            !users.is_empty() && users.len() < self.package.objects().len(),
            "a header that tells nothing"
        );
        self.edited(self.matrix.header, || {
            self.run().ran(&users);
        });
    }

    /// Appends the comment, does something, takes the comment back, and expects nothing to be left to do.
    fn edited(&self, file: &str, then: impl FnOnce()) {
        let file = self.package.file(file);
        let before = self.workspace.read_bytes(&file);
        self.workspace.append(&file, COMMENT);
        then();
        self.run().ran_nothing();
        self.workspace.write(&file, before);
        self.run().ran_nothing();
    }

    fn restores_from_the_store(&self) {
        let program = self.workspace.read_bytes(self.package.output());
        self.workspace.remove(".kiln");
        self.run().ran_nothing();
        assert!(
            program == self.workspace.read_bytes(self.package.output()),
            "the restored program differs"
        );
    }

    fn builds_nothing_in_another_checkout(&self) {
        let other = self.workspace.checkout("another/place");
        other.run([self.package.program()]).success().ran_nothing();
        self.answers(&other);
    }

    fn links_for_a_real_change(&self) {
        self.workspace.append(
            self.package.file("main.c"),
            "\nint added_by_the_test = 42;\n",
        );
        self.run()
            .ran([self.package.object("main.c"), self.package.program()]);
        self.answers(&self.workspace);
    }
}
