module gosweep.dev/targets

go 1.21

require gosweep.dev/probe v0.0.0

replace gosweep.dev/probe => ./probe
