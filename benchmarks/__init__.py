"""The same work through Vestnik, through bare floors and through what people would assemble instead, as ratios."""
