# Every target is one word of tools/dev, which works without make as well.
PREFIX ?= /usr/local

.PHONY: run build test asan tsan bench microbench fuzz soak format lint install
run build test asan tsan bench microbench fuzz soak format lint:
	@tools/dev $@
install:
	@tools/dev install "$(PREFIX)"
