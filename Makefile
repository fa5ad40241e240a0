# Every target sets up what it needs by itself. `make` says what there is.

.PHONY: help demo worker build test test-all check compare bench bench-worker clean simulate fuzz interop toolchains

help: ## Lists the targets.
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

demo: build ## Builds the package and serves the demo page beside a real MCP server.
	@node tests/js/servers/demo.mjs

worker: ## Builds the Worker and runs it on workerd, in front of a real MCP server; prints its URL and a curl that works.
	@tools/build-worker.sh
	@node gateway/serve.mjs

build: ## Builds the npm package into pkg/ and prints what it weighs.
	@tools/build.sh

test: ## Runs everything that CI runs.
	@tools/test.sh

test-all: test ## Everything, the fault table in Firefox and in workerd, and every toolchain.
	@tools/test-all.sh

check: ## Format, lints, documentation and types, without running a test.
	@tools/check.sh

simulate: ## Runs SEEDS (200000) random schedules of the machine against a server that does everything wrong, and FRESH (0) new ones.
	@SEEDS=$${SEEDS:-200000} cargo test --test simulation

fuzz: ## Fuzzes the parsers and sequences of operations for FUZZ_SECONDS (60) each; needs nightly Rust.
	@tools/fuzz.sh

interop: build ## Goes through every step with real servers in TypeScript, Python and Rust, and writes docs/interop.md.
	@tools/interop.sh

toolchains: build ## Builds and opens a small application with Vite, webpack, Next, Angular, esbuild, Deno, Wrangler and others, unconfigured.
	@tools/toolchains.sh

compare: ## Puts the official SDK's clients and ours side by side on the same faults, in Node and in a page: what survives, and how many requests it took.
	@tools/compare.sh

bench: ## Prints what the package weighs and what one call costs.
	@tools/bench.sh

bench-worker: ## Puts the front beside no front and plain JavaScript under load, then 1,000 users, then a soak of SOAK_SECONDS (600).
	@tools/bench-worker.sh

clean: ## Removes what was built. The tools in .tools and node_modules stay.
	@rm -rf artifacts pkg target www/bundled
