package main

import (
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// pipes reads from pipes into which a timer writes one byte after the delay. A pipe serves one
// read at a time and is used again afterwards.
type pipes struct {
	open  func() (pipe, error)
	mutex sync.Mutex
	idle  []pipe
}

type pipe struct{ from, to io.ReadWriter }

func (pipes *pipes) read(delay time.Duration) error {
	pipe, err := pipes.take()
	if err != nil {
		return err
	}
	written := make(chan error, 1)
	time.AfterFunc(delay, func() {
		_, err := pipe.to.Write([]byte{1})
		written <- err
	})
	if _, err := pipe.from.Read(make([]byte, 1)); err != nil {
		return err
	}
	if err := <-written; err != nil {
		return err
	}
	pipes.mutex.Lock()
	pipes.idle = append(pipes.idle, pipe)
	pipes.mutex.Unlock()
	return nil
}

func (pipes *pipes) take() (pipe, error) {
	pipes.mutex.Lock()
	defer pipes.mutex.Unlock()
	if last := len(pipes.idle) - 1; last >= 0 {
		pipe := pipes.idle[last]
		pipes.idle = pipes.idle[:last]
		return pipe, nil
	}
	return pipes.open()
}

// blockingFile is a descriptor in blocking mode, read by the bare system call: the goroutine's
// thread sleeps in the kernel, and the scheduler starts another thread for its P. os.Pipe would
// not do that: it sets O_NONBLOCK and registers with the netpoller.
type blockingFile int

func (file blockingFile) Read(buffer []byte) (int, error) {
	for {
		count, err := syscall.Read(int(file), buffer)
		if err != syscall.EINTR { // the runtime's preemption signal may interrupt it
			return count, err
		}
	}
}

func (file blockingFile) Write(buffer []byte) (int, error) { return syscall.Write(int(file), buffer) }

func openBlocking() (pipe, error) {
	var ends [2]int
	if err := syscall.Pipe2(ends[:], syscall.O_CLOEXEC); err != nil {
		return pipe{}, err
	}
	return pipe{from: blockingFile(ends[0]), to: blockingFile(ends[1])}, nil
}

func openPolled() (pipe, error) {
	from, to, err := os.Pipe()
	return pipe{from: from, to: to}, err
}

// fileBytes fits in the page cache of any machine, so a read is a short system call, not disk I/O.
const fileBytes = 1 << 20

// pageBytes is how much one read asks for.
const pageBytes = 4096

// scratchFile is read page by page, round and round.
type scratchFile struct {
	file *os.File
	next atomic.Int64
}

// openScratchFile makes a file that has no name any more, so nothing is left behind however the
// target ends.
func openScratchFile() (*scratchFile, error) {
	file, err := os.CreateTemp("", "gosweep-syscalls-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, err
	}
	if _, err := file.Write(make([]byte, fileBytes)); err != nil {
		return nil, err
	}
	return &scratchFile{file: file}, nil
}

func (scratch *scratchFile) read(time.Duration) error {
	offset := scratch.next.Add(pageBytes) % fileBytes
	_, err := scratch.file.ReadAt(make([]byte, pageBytes), offset)
	return err
}
