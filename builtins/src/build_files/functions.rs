//! The functions of BUILD files beside Starlark's own: `target`, `text_file`,
//! `group`, `package`, `glob`, and a `range` that is bounded.

use std::collections::BTreeMap;
use std::num::NonZeroI32;

use kiln_plugin_abi::{Diagnostic, Focus, GlobRequest, Value, did_you_mean};
use starlark::collections::SmallMap;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::Value as StarlarkValue;
use starlark::values::list::UnpackList;
use starlark::values::none::NoneType;
use starlark::values::range::Range;
use starlark::values::tuple::UnpackTuple;

use super::context::{PackageContext, Site};
use super::failure::report;
use super::surroundings::current_package;
use crate::drivers::check_glob_pattern;

/// Attributes that `package()` gives defaults for.
const DEFAULTS: [&str; 9] = [
    "cache",
    "env",
    "labels",
    "network",
    "pass_env",
    "resources",
    "sandbox",
    "timeout",
    "tools",
];

/// Longest `range`.
const LONGEST_RANGE: i64 = 10_000_000;

/// Keyword arguments as they were given.
type Arguments<'v> = SmallMap<String, StarlarkValue<'v>>;

/// Adds the functions.
pub(super) fn register(globals: &mut GlobalsBuilder) {
    build_functions(globals);
}

#[starlark_module]
fn build_functions(builder: &mut GlobalsBuilder) {
    /// Declares a target.
    fn target<'v>(
        #[starlark(args)] positional: UnpackTuple<StarlarkValue<'v>>,
        #[starlark(kwargs)] arguments: Arguments<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<NoneType> {
        declare("target", None, &positional, arguments, eval)
    }

    /// Declares a file with the given content.
    fn text_file<'v>(
        #[starlark(args)] positional: UnpackTuple<StarlarkValue<'v>>,
        #[starlark(kwargs)] arguments: Arguments<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<NoneType> {
        declare("text_file", Some("text_file"), &positional, arguments, eval)
    }

    /// Declares a name for files and targets.
    fn group<'v>(
        #[starlark(args)] positional: UnpackTuple<StarlarkValue<'v>>,
        #[starlark(kwargs)] arguments: Arguments<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<NoneType> {
        declare("group", Some("group"), &positional, arguments, eval)
    }

    /// Gives defaults for the attributes of the package's targets. What a target
    /// gives itself replaces its default, lists and dicts as well.
    fn package<'v>(
        #[starlark(args)] positional: UnpackTuple<StarlarkValue<'v>>,
        #[starlark(kwargs)] arguments: Arguments<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<NoneType> {
        let context = current_package(eval, "package")?;
        let site = context.site(eval);
        set_defaults(context, &site, &positional, arguments).map_err(report)?;
        Ok(NoneType)
    }

    /// The files of the package that match, sorted, relative to the package.
    fn glob<'v>(
        include: UnpackList<String>,
        #[starlark(default = UnpackList::default())] exclude: UnpackList<String>,
        #[starlark(default = false)] allow_empty: bool,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Vec<String>> {
        let context = current_package(eval, "glob")?;
        let site = context.site(eval);
        let request = GlobRequest {
            package: context.package().clone(),
            include: include.items,
            exclude: exclude.items,
        };
        matching_files(context, &site, &request, allow_empty).map_err(report)
    }

    /// Integers from a start up to, and without, a stop.
    fn range(
        #[starlark(require = pos)] first: i32,
        #[starlark(require = pos)] second: Option<i32>,
        #[starlark(require = pos, default = 1)] step: i32,
    ) -> starlark::Result<Range> {
        let (start, stop) = second.map_or((0, first), |stop| (first, stop));
        let Some(step) = NonZeroI32::new(step) else {
            return Err(report(Diagnostic::error("the step of a range cannot be 0")));
        };
        let length = (i64::from(stop) - i64::from(start)) / i64::from(step.get());
        if length > LONGEST_RANGE {
            let message = format!("a range of {length} is too long; it may have {LONGEST_RANGE}");
            return Err(report(Diagnostic::error(message)));
        }
        Ok(Range::new(start, stop, step))
    }
}

fn declare<'v>(
    function: &str,
    driver: Option<&str>,
    positional: &UnpackTuple<StarlarkValue<'v>>,
    arguments: Arguments<'v>,
    eval: &mut Evaluator<'v, '_, '_>,
) -> starlark::Result<NoneType> {
    let context = current_package(eval, function)?;
    let site = context.site(eval);
    check_positional(function, positional, &site)
        .and_then(|()| add_target(context, &site, function, driver, arguments))
        .map_err(report)?;
    Ok(NoneType)
}

fn check_positional(
    function: &str,
    positional: &UnpackTuple<StarlarkValue<'_>>,
    site: &Site,
) -> Result<(), Diagnostic> {
    if positional.items.is_empty() {
        return Ok(());
    }
    Err(site
        .error(format!("`{function}` takes named arguments only"))
        .hint(format!("write `{function}(name = …)`")))
}

fn add_target(
    context: &PackageContext<'_>,
    site: &Site,
    function: &str,
    driver: Option<&str>,
    mut arguments: Arguments<'_>,
) -> Result<(), Diagnostic> {
    let name = take_word(&mut arguments, "name", site)?
        .ok_or_else(|| site.error(format!("`{function}` needs a `name`")))?;
    let driver = match (driver, take_word(&mut arguments, "driver", site)?) {
        (Some(driver), None) => driver.to_owned(),
        (None, Some(driver)) => driver,
        (Some(fixed), Some(_)) => {
            let message = format!("the driver of `{function}` is `{fixed}`");
            return Err(site.argument_error("driver", message));
        }
        (None, None) => {
            return Err(site
                .error(format!(
                    "the target `{}` has no driver",
                    name.escape_debug()
                ))
                .hint("add `driver = \"sh\"`, or another"));
        }
    };
    let attributes = convert_all(context, site, arguments)?;
    context.declare(&name, driver, attributes, site)
}

/// Takes a string argument out.
fn take_word(
    arguments: &mut Arguments<'_>,
    key: &str,
    site: &Site,
) -> Result<Option<String>, Diagnostic> {
    let Some(value) = arguments.shift_remove(key) else {
        return Ok(None);
    };
    match value.unpack_str() {
        Some(text) => Ok(Some(text.to_owned())),
        None => {
            let got = value.get_type();
            let message = format!("`{key}` must be a string, not a value of type {got}");
            Err(site.argument_error(key, message))
        }
    }
}

fn convert_all(
    context: &PackageContext<'_>,
    site: &Site,
    arguments: Arguments<'_>,
) -> Result<BTreeMap<String, Value>, Diagnostic> {
    context.with_budget(|budget| {
        arguments
            .into_iter()
            .map(|(key, value)| match budget.convert(value) {
                Ok(value) => Ok((key, value)),
                Err(message) => Err(site.argument_error(&key, format!("`{key}` {message}"))),
            })
            .collect()
    })
}

fn set_defaults(
    context: &PackageContext<'_>,
    site: &Site,
    positional: &UnpackTuple<StarlarkValue<'_>>,
    arguments: Arguments<'_>,
) -> Result<(), Diagnostic> {
    check_positional("package", positional, site)?;
    if let Some(key) = arguments
        .keys()
        .find(|key| !DEFAULTS.contains(&key.as_str()))
    {
        let message = format!("`package` gives no default for `{key}`");
        let error = site.argument_error(key, message);
        return Err(match did_you_mean(key, DEFAULTS) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint(format!("it can for {}", DEFAULTS.join(", "))),
        });
    }
    let values = convert_all(context, site, arguments)?;
    context.set_defaults(values, site.clone())
}

fn matching_files(
    context: &PackageContext<'_>,
    site: &Site,
    request: &GlobRequest,
    allow_empty: bool,
) -> Result<Vec<String>, Diagnostic> {
    for pattern in request.include.iter().chain(&request.exclude) {
        check_glob_pattern(pattern).map_err(|message| {
            site.error(format!("`{}`: {message}", pattern.escape_debug()))
                .focus(Focus::Literal(pattern.clone()))
        })?;
    }
    let paths = context
        .host()
        .glob(request)
        .map_err(|error| site.place(error))?;
    if paths.is_empty() && !allow_empty {
        let error = site
            .error("the glob matches no file")
            .hint("`allow_empty = True` lets it match nothing");
        return Err(match request.include.first() {
            Some(pattern) => error.focus(Focus::Literal(pattern.clone())),
            None => error,
        });
    }
    let directory = context.package().directory();
    Ok(paths
        .iter()
        .map(|path| {
            let relative = path.below(directory.as_str()).unwrap_or(path.as_str());
            // Without `./` these would be read as labels.
            if relative.starts_with([':', '@']) {
                format!("./{relative}")
            } else {
                relative.to_owned()
            }
        })
        .collect())
}
