package main

import (
	"io"
	"net"
	"sync/atomic"
	"time"
)

// messageBytes is the size of a question and of an answer.
const messageBytes = 64

// startDownstream answers every message after delay. It lives in this process for the sake of one
// binary; its share of the CPU is a read, a timer and a write per call.
func startDownstream(delay time.Duration) (net.Addr, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return // only when the process ends
			}
			go answer(connection, delay)
		}
	}()
	return listener.Addr(), nil
}

func answer(connection net.Conn, delay time.Duration) {
	defer connection.Close()
	message := make([]byte, messageBytes)
	for {
		if _, err := io.ReadFull(connection, message); err != nil {
			return
		}
		time.Sleep(delay)
		if _, err := connection.Write(message); err != nil {
			return
		}
	}
}

// pool is a fixed number of connections; a channel hands them out in turn.
type pool struct {
	idle  chan net.Conn
	calls atomic.Int64
	waits atomic.Int64 // calls that found every connection taken
}

func dialPool(address net.Addr, size int) (*pool, error) {
	pool := &pool{idle: make(chan net.Conn, size)}
	for i := 0; i < size; i++ {
		connection, err := net.Dial(address.Network(), address.String())
		if err != nil {
			return nil, err
		}
		pool.idle <- connection
	}
	return pool, nil
}

func (pool *pool) call() error {
	connection := pool.take()
	defer func() { pool.idle <- connection }()
	pool.calls.Add(1)
	message := make([]byte, messageBytes)
	if _, err := connection.Write(message); err != nil {
		return err
	}
	_, err := io.ReadFull(connection, message)
	return err
}

func (pool *pool) take() net.Conn {
	select {
	case connection := <-pool.idle:
		return connection
	default:
		pool.waits.Add(1)
		return <-pool.idle
	}
}

func (pool *pool) count() map[string]int64 {
	return map[string]int64{"calls": pool.calls.Load(), "pool_waits": pool.waits.Load()}
}
