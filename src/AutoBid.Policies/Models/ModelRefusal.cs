namespace AutoBid.Policies.Models;

/// <summary>A version that the registry refused when it was last loaded.</summary>
/// <param name="Message">What exactly, in one line.</param>
public sealed record ModelRefusal(string Name, string Version, RefusalReason Reason, string Message);
