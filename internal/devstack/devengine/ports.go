package devengine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"

	"refunddesk/internal/fault"
)

// ports are where the engine's four services listen. They are written down beside the file
// and taken again at the next start, because a restarted engine looks for itself where it
// was; only a port that somebody else took meanwhile is replaced.
type ports struct {
	Host     string `json:"host"`
	Frontend int    `json:"frontend"`
	History  int    `json:"history"`
	Matching int    `json:"matching"`
	Worker   int    `json:"worker"`
}

func (p ports) frontend() string { return address(p.Host, p.Frontend) }

func (p ports) byService() map[primitives.ServiceName]int {
	return map[primitives.ServiceName]int{
		primitives.FrontendService: p.Frontend,
		primitives.HistoryService:  p.History,
		primitives.MatchingService: p.Matching,
		primitives.WorkerService:   p.Worker,
	}
}

func (p ports) hosts() map[primitives.ServiceName]static.Hosts {
	out := map[primitives.ServiceName]static.Hosts{}
	for service, port := range p.byService() {
		out[service] = static.SingleLocalHost(address(p.Host, port))
	}
	return out
}

func (p ports) services() map[string]config.Service {
	out := map[string]config.Service{}
	for service, port := range p.byService() {
		out[string(service)] = config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: p.Host}}
	}
	return out
}

// choosePorts takes the frontend's from the options and the others from the last start, or
// else from just above the frontend's.
func choosePorts(ctx context.Context, o Options) (ports, error) {
	host, text, err := net.SplitHostPort(o.Address)
	if err != nil {
		return ports{}, fmt.Errorf("read the engine's address: %w", err)
	}
	frontend, err := strconv.Atoi(text)
	if err != nil {
		return ports{}, fmt.Errorf("read the engine's port: %w", err)
	}
	old := readPorts(o)
	now := ports{Host: host, Frontend: frontend, History: old.History, Matching: old.Matching, Worker: old.Worker}
	var held listeners
	defer held.close()

	if frontend == 0 {
		if now.Frontend, err = held.take(host, old.Frontend); err != nil {
			return ports{}, fmt.Errorf("find a port for the engine: %w", err)
		}
	} else if err := held.insist(ctx, "--engine", o.Address); err != nil {
		return ports{}, err
	}
	for i, port := range []*int{&now.History, &now.Matching, &now.Worker} {
		if *port == 0 {
			*port = now.Frontend + 1 + i
		}
		if *port, err = held.take(host, *port); err != nil {
			return ports{}, fmt.Errorf("find a port for the engine: %w", err)
		}
	}
	if o.File == "" || now == old {
		return now, nil
	}
	return now, writePorts(o, now)
}

func portsFile(o Options) string { return o.File + ".ports.json" }

// readPorts gives the zero value where there is nothing readable: ports are then chosen anew.
func readPorts(o Options) (p ports) {
	if o.File == "" {
		return p
	}
	text, err := os.ReadFile(portsFile(o))
	if err != nil || json.Unmarshal(text, &p) != nil {
		return ports{}
	}
	return p
}

func writePorts(o Options, p ports) error {
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("write the engine's ports: %w", err)
	}
	half := portsFile(o) + ".new"
	if err := os.WriteFile(half, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the engine's ports: %w", err)
	}
	if err := os.Rename(half, portsFile(o)); err != nil {
		return fmt.Errorf("write the engine's ports: %w", err)
	}
	return nil
}

// listeners hold the ports found free until all are found, so that none is found twice.
type listeners []net.Listener

func (l *listeners) close() {
	for _, held := range *l {
		_ = held.Close()
	}
}

// Ports that nobody named are looked for below those that systems give to outgoing
// connections: between finding one free and listening there, one of those could take it.
const (
	lowestPort  = 20_000
	highestPort = 32_000
)

// take gives the wanted port when it is free and any other free one when not.
func (l *listeners) take(host string, wanted int) (int, error) {
	if wanted > 0 && wanted <= 65535 {
		if held, err := net.Listen("tcp", address(host, wanted)); err == nil {
			return l.hold(held)
		}
	}
	for range 100 {
		port := lowestPort + rand.IntN(highestPort-lowestPort) //nolint:gosec // no secret
		if held, err := net.Listen("tcp", address(host, port)); err == nil {
			return l.hold(held)
		}
	}
	held, err := net.Listen("tcp", address(host, 0))
	if err != nil {
		return 0, err
	}
	return l.hold(held)
}

func (l *listeners) hold(held net.Listener) (int, error) {
	*l = append(*l, held)
	return held.Addr().(*net.TCPAddr).Port, nil
}

// insist takes the address or says which flag names another one. It waits a moment for a
// predecessor that was killed just now.
func (l *listeners) insist(ctx context.Context, flag, addr string) error {
	held, err := eventually(ctx, func() (net.Listener, error) { return net.Listen("tcp", addr) })
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fault.New(fault.Conflict, "address-in-use",
			"%s %s: another program listens there; stop it, or give another address with %s", flag, addr, flag).With(err)
	case err != nil:
		return fault.InvalidField(flag, "cannot listen on %s", addr).With(err)
	}
	*l = append(*l, held)
	return nil
}

// eventually repeats try while it fails, for as long as patience lasts.
func eventually[T any](ctx context.Context, try func() (T, error)) (T, error) {
	end := time.Now().Add(patience)
	for {
		got, err := try()
		if err == nil || time.Now().After(end) {
			return got, err
		}
		select {
		case <-ctx.Done():
			return got, err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// loopback checks that addr is a loopback host:port and gives it with the host as an IP.
func loopback(flag, addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fault.InvalidField(flag, "must be a loopback host:port such as 127.0.0.1:7233, is %q", addr)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "", fault.InvalidField(flag, "the port must be a number from 0 to 65535, is %q", port)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	ip := net.ParseIP(host)
	if ip == nil || !ip.IsLoopback() {
		return "", fault.InvalidField(flag,
			"this is a development program and has no access control: it listens on loopback (127.0.0.1) only, not on %q", host)
	}
	return net.JoinHostPort(ip.String(), port), nil
}

func address(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
