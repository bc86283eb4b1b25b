// SPDX-License-Identifier: GPL-3.0-or-later
//
// net.go: the same as net.c.
package main

import (
	"fmt"
	"net"
	"os"
)

const answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!"

func requests(state *int, text []byte) int {
	const end = "\r\n\r\n"
	count := 0
	for _, c := range text {
		if c == end[*state] {
			*state++
		} else if c == '\r' {
			*state = 1
		} else {
			*state = 0
		}
		if *state == 4 {
			*state = 0
			count++
		}
	}
	return count
}

func echo(c net.Conn) {
	defer c.Close()
	buf := make([]byte, 1024)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}

func http(c net.Conn) {
	defer c.Close()
	state := 0
	said := []byte(answer)
	buf := make([]byte, 1024)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		for i := requests(&state, buf[:n]); i > 0; i-- {
			if _, err := c.Write(said); err != nil {
				return
			}
		}
	}
}

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr().(*net.TCPAddr).Port)
	serve := echo
	if len(os.Args) > 1 && os.Args[1] == "http" {
		serve = http
	}
	for {
		c, err := l.Accept()
		if err != nil {
			panic(err)
		}
		go serve(c)
	}
}
