"""Our store beside engines that could have been put underneath, all in one harness."""
