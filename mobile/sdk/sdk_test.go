package sdk_test

import (
	"testing"

	"i80.dk/sighej/mobile/sdk"
)

// shell is an app that does nothing.
type shell struct{}

func (shell) StartAdvertising([]byte) error { return nil }
func (shell) StopAdvertising() error        { return nil }
func (shell) StartScanning() error          { return nil }
func (shell) StopScanning() error           { return nil }
func (shell) SetLowPower(bool) error        { return nil }
func (shell) OnState(*sdk.State)            {}
func (shell) OnNudge(*sdk.Nudge)            {}
func (shell) OnPeopleInRange(int, int)      {}
func (shell) OnError(string, string)        {}

func TestStartRefuses(t *testing.T) {
	r := shell{}
	for name, c := range map[string]*sdk.Client{
		"no base": sdk.NewClient("", r, r), "no radio": sdk.NewClient("http://127.0.0.1:1", nil, r), "no listener": sdk.NewClient("http://127.0.0.1:1", r, nil),
	} {
		if err := c.Start("devops"); err == nil {
			t.Errorf("%s: started", name)
		}
		c.Stop()
		c.OnServiceData(nil, 0)
		c.OnPeerToken([]byte{1}, 0)
		c.OnRadioState(sdk.RadioOff)
		c.OnForeground(false)
		c.SetOpenToTalk(false)
		c.Block("n1")
		c.Wave("n1")
	}
	if err := sdk.NewClient("http://127.0.0.1:1", r, r).Start(" \n\n"); err == nil {
		t.Error("started without interests")
	}
}

func TestClientWithoutAConstructor(t *testing.T) {
	c := &sdk.Client{} // what the bindings can make
	if err := c.Start("devops"); err == nil {
		t.Error("started")
	}
	c.Stop()
	c.OnServiceData(nil, 0)
}
