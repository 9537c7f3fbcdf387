"""What people would assemble instead of Vestnik, each as its own documentation recommends."""
