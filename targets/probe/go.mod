module gosweep.dev/probe

go 1.21
