.PHONY: demo test check bench chaos replicas setup lock

demo test check bench chaos replicas setup lock:
	@./run $@
