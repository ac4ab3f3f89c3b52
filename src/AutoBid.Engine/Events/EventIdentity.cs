namespace AutoBid.Engine.Events;

/// <summary>
/// First 128 bits of the SHA-256 over an event's length-prefixed business key (design.md section 4): what makes two events the same event.
/// Ordered, so that events of one instant have one order.
/// </summary>
public readonly record struct EventIdentity(ulong High, ulong Low) : IComparable<EventIdentity>
{
    public int CompareTo(EventIdentity other) => High != other.High ? High.CompareTo(other.High) : Low.CompareTo(other.Low);

    public static bool operator <(EventIdentity left, EventIdentity right) => left.CompareTo(right) < 0;

    public static bool operator >(EventIdentity left, EventIdentity right) => left.CompareTo(right) > 0;

    public static bool operator <=(EventIdentity left, EventIdentity right) => left.CompareTo(right) <= 0;

    public static bool operator >=(EventIdentity left, EventIdentity right) => left.CompareTo(right) >= 0;
}
