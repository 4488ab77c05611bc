module gosweep.dev/planted

go 1.21
