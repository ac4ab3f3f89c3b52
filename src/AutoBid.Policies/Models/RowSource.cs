namespace AutoBid.Policies.Models;

/// <summary>Where rows of a run lie, one after the other.</summary>
/// <param name="Rows">How many.</param>
/// <param name="Pinned">Null: in the session's own buffers, at their place in the run.</param>
public readonly record struct RowSource(int Rows, PinnedRows? Pinned);
