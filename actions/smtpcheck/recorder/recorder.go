// Package recorder is a mail server for tests: it answers as it is told to, relays nothing, and writes down every command, so that a test can
// prove what was never said.
//
// In order: fill in a Server, Start it, give its Address to what is tested, read Said and Messages after it, and Close.
package recorder

import (
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"sync"
)

// A Client is what the server knows of one connection.
type Client struct {
	Helo, From string // as they were said, From without brackets
	Params     string // after MAIL FROM
	To         []string
	TLS, Login bool
	Number     int    // of the connection, from 1
	Peer       string // its address
	Commands   int    // in this connection
}

// A Server answers as its fields say. A hook that is nil, or returns "", leaves the answer to the default: every hosted address is taken and
// everything else refused with 554 5.7.1. The answer "hang" answers nothing, "close" hangs up, "trickle TEXT" gives a byte of it every
// 50 ms; any other may be of several lines.
type Server struct {
	Banner   string      // default: 220 mail.example.jp ESMTP
	Hello    []string    // what is said after the name in reply to EHLO: SIZE 1000, STARTTLS, AUTH PLAIN
	TLS      *tls.Config // for STARTTLS, and from the first byte with Implicit
	Implicit bool
	Hosted   []string               // addresses that are taken; default: taro@example.jp, postmaster@example.jp
	Greet    func(c *Client) string // the banner, for a client
	Command  func(c *Client, verb, arg string) string
	Rcpt     func(c *Client, to string) string
	Message  func(c *Client, text string) string // after the final dot
	Auth     func(arg string) string             // default: 535

	listener net.Listener
	mu       sync.Mutex
	said     []string
	messages []string
	conns    map[net.Conn]bool
	number   int
	most     int
	wait     sync.WaitGroup
}

// Start serves on address (127.0.0.1:0 for any port).
func (s *Server) Start(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	s.listener, s.conns = l, map[net.Conn]bool{}
	if s.Banner == "" {
		s.Banner = "220 mail.example.jp ESMTP"
	}
	if s.Hosted == nil {
		s.Hosted = []string{"taro@example.jp", "postmaster@example.jp"}
	}
	s.wait.Go(s.accept)
	return nil
}

// Address is where it listens.
func (s *Server) Address() string { return s.listener.Addr().String() }

// Close hangs up on everybody.
func (s *Server) Close() {
	s.listener.Close()
	s.mu.Lock()
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.wait.Wait()
}

// Said are the commands in the order in which they came, CONNECT for each connection.
func (s *Server) Said() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.said)
}

// Messages are the texts that came after DATA.
func (s *Server) Messages() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Most is how many connections there were at the same time at most.
func (s *Server) Most() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

func (s *Server) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[c] = true
		s.number++
		s.most = max(s.most, len(s.conns))
		s.said = append(s.said, "CONNECT")
		p := &peer{s: s, Client: Client{Number: s.number, Peer: c.RemoteAddr().(*net.TCPAddr).IP.String()}}
		s.mu.Unlock()
		s.wait.Go(func() {
			p.serve(c)
			c.Close()
			s.forget(c)
		})
	}
}

func (s *Server) forget(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

func (s *Server) record(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = append(s.said, line)
}

func (s *Server) keep(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, text)
}
