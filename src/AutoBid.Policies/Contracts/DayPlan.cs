namespace AutoBid.Policies.Contracts;

/// <summary>
/// What a policy means to happen in the rest of the day, made when it decided a step. Shares of the daily budget, so that they hold when it changes.
/// Never changed after it was made.
/// </summary>
/// <param name="FirstStep">The step that was decided.</param>
/// <param name="Spend">Planned spend / budget of this and each later step; together never more than what was left.</param>
/// <param name="Value">Planned value x reference / budget of each of them.</param>
/// <param name="Promise">What the policy's return model expects of it: efficiency, 1 = the best constant multiplier in hindsight.</param>
public sealed record DayPlan(int FirstStep, IReadOnlyList<float> Spend, IReadOnlyList<float> Value, double Promise);
