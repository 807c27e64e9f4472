package sdk

import (
	"fmt"
	"strings"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/internal/core"
)

// Client is the phone.
type Client struct {
	core     *core.Core
	listener Listener
}

// What OnRadioState tells.
const (
	RadioOff = 0 // switched off, not there, or not allowed
	RadioOn  = 1
)

// NewClient returns a phone that is stopped, open to talk and on the screen, and
// whose radio is on. base is the server, as in https://example.org. Nothing is
// checked before Start.
func NewClient(base string, radio Radio, listener Listener) *Client {
	cfg := core.Config{Base: base, Radio: radio}
	if listener != nil {
		cfg.Listener = told{listener}
	}
	return &Client{core.New(cfg), listener}
}

// Start begins to look for people who share one of the interests: 1 to 20 labels,
// a line for each. It fails when that, or the base, cannot be right, when radio or
// listener is missing, or when it is started already; what the server has to say
// comes to the listener.
func (c *Client) Start(interests string) (err error) {
	defer c.catch(&err)
	return c.core.Start(strings.Split(interests, "\n"))
}

// Stop takes the phone out of the air, asks the server to forget the session, and
// returns when nothing runs any more, in seconds at the most: call it off the main
// thread. Without the network the session ends by itself at its expiry. A stopped
// phone may Start again.
func (c *Client) Stop() {
	defer c.catch(nil)
	c.core.Stop()
}

// SetOpenToTalk gives or takes back the consent to be nudged. false takes the
// phone out of the air at once, keeps the session and stops new matches.
func (c *Client) SetOpenToTalk(open bool) {
	defer c.catch(nil)
	c.core.SetOpenToTalk(open)
}

// Block makes this phone and the one that a nudge is about never meet again in this
// session, and the other is not told. It takes the nudge's ID. The server is told as
// soon as it can be reached; with a new session, after two hours, they can meet.
func (c *Client) Block(nudgeID string) {
	defer c.catch(nil)
	c.core.Block(nudgeID)
}

// Wave says hi to whom a nudge without interests is about, and takes that nudge's
// ID. Once both have waved, each gets another nudge with the interests, see
// Nudge.Reveals; before that the other learns nothing.
func (c *Client) Wave(nudgeID string) {
	defer c.catch(nil)
	c.core.Wave(nudgeID)
}

// OnServiceData tells that the radio heard service data under ServiceUUID16, and
// how strongly, in dBm; 0: not known. What is not of this version is left alone.
func (c *Client) OnServiceData(serviceData []byte, rssi int) {
	defer c.catch(nil)
	c.core.Heard(serviceData, rssi)
}

// OnPeerToken tells that the characteristic of a phone was read, which cannot
// advertise service data, and how strongly that phone is heard. Read it once for
// a connection, and call this again with the same value whenever an advertisement
// of that phone is heard.
func (c *Client) OnPeerToken(value []byte, rssi int) {
	defer c.catch(nil)
	c.core.Heard(value, rssi)
}

// OnRadioState tells that the radio was switched on or off, or the permission for
// it given or taken: RadioOn or RadioOff.
func (c *Client) OnRadioState(state int) {
	defer c.catch(nil)
	c.core.SetRadioOn(state == RadioOn)
}

// OnForeground tells that the app came to the screen or left it.
func (c *Client) OnForeground(onScreen bool) {
	defer c.catch(nil)
	c.core.SetOnScreen(onScreen)
}

// catch keeps a panic, which is a defect of ours, out of the app. It becomes the
// error of the call, or goes to the listener.
func (c *Client) catch(err *error) {
	fault := recover()
	if fault == nil {
		return
	}
	text := fmt.Sprintf("a defect of the SDK: %v", fault)
	if err != nil {
		*err = sighej.Errorf(sighej.CodeInternal, "%s", text)
		return
	}
	defer func() { _ = recover() }()
	c.listener.OnError(string(sighej.CodeInternal), text)
}
