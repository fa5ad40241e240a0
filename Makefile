# Every target installs what it needs. `make` lists them.

.PHONY: help demo worker build gateway-package test test-all check compare bench bench-load bench-worker clean simulate fuzz interop site toolchains

help: ## Lists the targets.
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 17

demo: build ## Builds the package and serves the demo page with a real MCP server behind a fault proxy.
	@node tests/js/servers/demo.mjs

worker: ## Builds the gateway, runs it on workerd in front of a real MCP server, and prints its URL and a curl command.
	@tools/build-worker.sh
	@node gateway/serve.mjs

build: ## Builds the npm package into pkg/ and prints its size.
	@tools/build.sh

gateway-package: ## Builds the npm package of the gateway, mcp-tether-gateway, into pkg-gateway/.
	@tools/build-gateway-package.sh

site: ## Builds the demo page, the documents and the API reference as static files, into target/site/.
	@tools/site.sh

test: ## Runs every check of CI: format, lints, types, native, WebAssembly, package and gateway tests.
	@tools/test.sh

test-all: test ## Also runs fresh simulation seeds, coverage, the fault table in Firefox and workerd, WebKit, slow gateway tests, and every toolchain.
	@tools/test-all.sh

check: ## Checks format, lints, documentation, types, links and dependencies, without running a test.
	@tools/check.sh

simulate: ## Runs SEEDS (200000) fixed seeds of the simulation and FRESH (0) new ones.
	@SEEDS=$${SEEDS:-200000} cargo test --test simulation

fuzz: ## Fuzzes the parsers and sequences of operations for FUZZ_SECONDS (60) each. Needs nightly Rust.
	@tools/fuzz.sh

interop: build ## Tests against real servers in TypeScript, Python and Rust, and writes docs/interop.md.
	@tools/interop.sh

toolchains: build ## Builds and opens a small application with Vite, webpack, Next, Angular, esbuild, Deno, Wrangler and others, unconfigured.
	@tools/toolchains.sh

compare: ## Compares the official clients with this one on the same faults, in Node and in a page, and writes README's table of a restart and docs/compared.md.
	@tools/compare.sh

bench: ## Measures the size of the package, the cost of a call, and many sessions and callers.
	@tools/bench.sh

bench-load: ## Measures the time from navigation to the first answered call in Chromium, beside the official clients, on three links.
	@tools/bench-load.sh

bench-worker: ## Measures the gateway under load, against no gateway and plain JavaScript; then 1,000 users, then a soak of SOAK_SECONDS (600).
	@tools/bench-worker.sh

clean: ## Removes build output. The tools in .tools and node_modules stay.
	@rm -rf artifacts pkg pkg-gateway target www/bundled
