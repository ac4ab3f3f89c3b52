using AutoBid.Cli.Commands;

namespace AutoBid.Cli;

internal static class Program
{
    public static Task<int> Main(string[] args)
    {
        // Block characters and rounded borders must reach the terminal whatever its locale claims.
        if (!Console.IsOutputRedirected) Console.OutputEncoding = System.Text.Encoding.UTF8;
        return AutoBidCommand.RunAsync(args, CommandHost.OfProcess());
    }
}
