.PHONY: demo test check bench setup lock

demo test check bench setup lock:
	@./run $@
