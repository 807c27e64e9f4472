// Package outline reads what a screen says out of what was drawn: the list that
// a screen reader is given, and by which tests find what to tap.
package outline

import (
	"image"

	"gioui.org/io/input"
	"gioui.org/io/semantic"
)

// Node is a control, or a text that stands for itself.
type Node struct {
	Class    semantic.ClassOp // Unknown: a text
	Label    string
	Hint     string
	Selected bool
	Bounds   image.Rectangle // in pixels
}

// Of returns the nodes of a router's last frame in reading order. What is
// inside of a node is not told once more.
func Of(r *input.Router) []Node {
	tree := r.AppendSemantics(nil)
	if len(tree) == 0 {
		return nil
	}
	var nodes []Node
	for _, c := range tree[0].Children {
		nodes = gather(nodes, c)
	}
	return nodes
}

func gather(nodes []Node, n input.SemanticNode) []Node {
	if d := n.Desc; d.Label != "" {
		return append(nodes, Node{Class: d.Class, Label: d.Label, Hint: d.Description, Selected: d.Selected, Bounds: d.Bounds})
	}
	for _, c := range n.Children {
		nodes = gather(nodes, c)
	}
	return nodes
}
