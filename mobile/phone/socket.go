package phone

import (
	"fmt"

	"i80.dk/sighej/wire"
)

// socket is one WebSocket with the subprotocol, as a connection needs it: one
// goroutine reads, any may write and hang up.
type socket interface {
	// read blocks for the next text frame, or the end: a closed when the server
	// said why.
	read() ([]byte, error)
	// write blocks for at most writeStall.
	write(text []byte) error
	// hangUp says goodbye, if that works at once, and ends everything; read
	// returns.
	hangUp()
}

// closed is the end of a socket by the server's close frame.
type closed struct{ code wire.CloseCode }

func (c closed) Error() string {
	return fmt.Sprintf("the server closed the connection with %d", c.code)
}
