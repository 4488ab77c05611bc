// Command planted is a small service with one cause put in on purpose, the load for it, and the capture of what an
// operator would have of it: the log, and what net/http/pprof serves.
//
//	planted serve PROBLEM [-addr A] [-profiles]   the service
//	planted drive URL RATE CONNECTIONS SECONDS    requests at a rate; rate 0: as fast as they are answered
//	planted capture FOLDER [PROBLEM...]           builds, starts, loads and captures all or some of the problems
//
// Load goes to loopback and ends by itself.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: planted serve PROBLEM | drive URL RATE CONNECTIONS SECONDS | capture FOLDER [PROBLEM...]")
		os.Exit(2)
	}
	var err error
	switch os.Args[1] {
	case "serve":
		err = serve(os.Args[2], os.Args[3:])
	case "drive":
		err = drive(os.Args[2:])
	case "capture":
		err = capture(os.Args[2], os.Args[3:])
	default:
		err = fmt.Errorf("unknown command %q", os.Args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
