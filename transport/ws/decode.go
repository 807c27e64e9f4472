package ws

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"sync"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// decoder decodes frame after frame; it is kept for the buffers inside.
type decoder struct {
	source bytes.Reader
	json   *json.Decoder
}

var decoders = sync.Pool{New: func() any {
	d := &decoder{}
	d.json = json.NewDecoder(&d.source)
	d.json.DisallowUnknownFields()
	return d
}}

// decodeFrame reads a text frame of a client in one pass. The frame it returns
// has a known type and no field of another type; an error has CodeMalformed or
// CodeUnknownType and quotes nothing of the text, only field names of ours.
func decodeFrame(text []byte) (wire.ClientFrame, *sighej.Error) {
	text = bytes.TrimRight(text, " \t\r\n") // so that d has nothing left over when it goes back
	d := decoders.Get().(*decoder)
	end := d.json.InputOffset() + int64(len(text))
	d.source.Reset(text)
	var f wire.ClientFrame
	if err := d.json.Decode(&f); err != nil {
		return wire.ClientFrame{}, malformed(err) // d is spent: a decoder keeps its error
	}
	if d.json.InputOffset() != end {
		return wire.ClientFrame{}, sighej.Errorf(sighej.CodeMalformed, "a frame is one JSON object")
	}
	d.source.Reset(nil)
	decoders.Put(d)
	if !plainNames(text) {
		return wire.ClientFrame{}, sighej.Errorf(sighej.CodeMalformed, "the frame has an unknown field or a field twice")
	}
	return f, checkFields(&f)
}

func malformed(err error) *sighej.Error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if wrong.Field == "" {
			return sighej.Errorf(sighej.CodeMalformed, "a frame is one JSON object")
		}
		return sighej.Errorf(sighej.CodeMalformed, "%s is of the wrong type", wrong.Field)
	}
	_, syntax := errors.AsType[*json.SyntaxError](err)
	if syntax || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return sighej.Errorf(sighej.CodeMalformed, "the frame is not JSON")
	}
	return sighej.Errorf(sighej.CodeMalformed, "the frame has an unknown field or a value of the wrong form")
}

// checkFields refuses an unknown type and fields that f's type does not have.
func checkFields(f *wire.ClientFrame) *sighej.Error {
	sighting := f.Ref != "" || f.Tokens != nil || f.Sightings != nil
	stray := false
	switch f.Type {
	case wire.TypeSighting:
		stray = f.ID != "" || f.Value != nil
	case wire.TypeAck, wire.TypeBlock, wire.TypeWave:
		stray = sighting || f.Value != nil
	case wire.TypeOpen:
		stray = sighting || f.ID != ""
	case "":
		return sighej.Errorf(sighej.CodeMalformed, "the frame has no type")
	default:
		return sighej.Errorf(sighej.CodeUnknownType, "there is no frame of this type")
	}
	if stray {
		return sighej.Errorf(sighej.CodeMalformed, "the frame has a field of another type of frame")
	}
	return nil
}
