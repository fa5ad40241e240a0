# Every target sets up what it needs by itself. `make` says what there is.

.PHONY: help demo build test check bench clean

help: ## Lists the targets.
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

demo: build ## Builds the package and serves the demo page beside a real MCP server.
	@node tests/js/servers/demo.mjs

build: ## Builds the npm package into pkg/ and prints what it weighs.
	@tools/build.sh

test: ## Runs everything that CI runs.
	@tools/test.sh

check: ## Format, lints, documentation and types, without running a test.
	@tools/check.sh

bench: ## Prints what the package weighs and what one call costs.
	@tools/bench.sh

clean: ## Removes what was built. The tools in .tools and node_modules stay.
	@rm -rf artifacts pkg target
