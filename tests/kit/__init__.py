"""Parts that scripts/hostile, scripts/suites, scripts/soak and scripts/bench share."""
