# What a developer of Kiln types. Each recipe is the plain command behind it.

# List the recipes.
default:
    @just --list

# Compile and lint everything, without running anything.
check:
    cargo clippy --release --locked --workspace --all-targets -- -D warnings

# Put every source into its standard form.
fmt:
    cargo fmt --all

# Unit, property and end-to-end tests; words after it select tests by name.
test *filter:
    cargo test --release --workspace {{ filter }}

# End-to-end tests alone, on the binary as it is shipped.
e2e *filter:
    cargo test --release -p kiln-e2e {{ filter }}

# Measure against ninja on generated graphs; prints Markdown for docs/benchmarks. Sizes and rounds may follow.
bench *arguments:
    cargo bench -p kiln-e2e --bench ninja -- {{ arguments }}

# Everything that must hold before a change is taken.
ci:
    .ci/run
