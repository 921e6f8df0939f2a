.PHONY: demo test check bench replicas setup lock

demo test check bench replicas setup lock:
	@./run $@
