namespace AutoBid.Engine.Ports;

/// <summary>What a budget row limits: scope day (id = campaign, period = yyyymmdd), flight (id = campaign, period 0), account (id = account, period = yyyymmdd).</summary>
public enum BudgetScope : byte
{
    Day,
    Flight,
    Account,
}
