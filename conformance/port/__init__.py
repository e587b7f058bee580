"""Porting: a layer of one framework said in another, with the proof that both answer alike.

literal     a call as text → its name and its arguments, never evaluated
source      the arguments of each framework's layers and functions → a layer
layer       a layer: its numbers, and how its framework stores the kernel
target      a layer in another framework: its native call, or a composition, and what it was asked
compose     compositions, where a framework has no single call
speech      the few words of each framework that compositions and written modules need
scratch     statements that no adapter has, asked in a worker like any route
module      a written module with the layers, and a test beside it
"""
