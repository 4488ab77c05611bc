module gosweep.dev/targets

go 1.21
