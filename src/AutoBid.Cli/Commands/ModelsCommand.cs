using System.CommandLine;
using AutoBid.Cli.Output;
using AutoBid.Policies.Fallback;
using AutoBid.Policies.Models;
using AutoBid.Server.Hosting;
using Spectre.Console;

namespace AutoBid.Cli.Commands;

/// <summary><c>autobid models</c>: the model registry in its folder. A running service takes a change up when it reloads.</summary>
internal static class ModelsCommand
{
    public static Command Create(CommandHost host)
    {
        var folder = new Option<string?>("--models") { Description = "Model registry (default policies/models of the repository).", HelpName = "FOLDER", Recursive = true };
        Option<string> device = new Option<string>("--device") { Description = "Where models will run.", DefaultValueFactory = _ => "cpu", Recursive = true }.AcceptOnlyFromAmong("cpu", "cuda");
        var policy = new Argument<string>("policy") { Description = "Name of the policy, such as gave." };
        var version = new Argument<string>("version") { Description = "Version to serve." };
        Option<string?> json = SharedOptions.Json();

        var list = new Command("list", "Every version, what its gate said, and which one serves.") { json };
        list.SetAction(parsed => WithRegistry(parsed.GetValue(folder), parsed.GetValue(device)!, registry => List(host, registry, parsed.GetValue(json))));
        var promote = new Command("promote", "Check a version (hashes, shapes, parity) and make it the one that serves.") { policy, version };
        promote.SetAction(parsed => WithRegistry(parsed.GetValue(folder), parsed.GetValue(device)!, registry =>
        {
            registry.Promote(parsed.GetValue(policy)!, parsed.GetValue(version)!);
            host.Out.WriteLine($"{parsed.GetValue(policy)}/{parsed.GetValue(version)} is live");
        }));
        var rollback = new Command("rollback", "Back to the version that served before the last promotion.") { policy };
        rollback.SetAction(parsed => WithRegistry(parsed.GetValue(folder), parsed.GetValue(device)!, registry =>
        {
            string name = parsed.GetValue(policy)!;
            registry.Rollback(name);
            host.Out.WriteLine($"{name}/{registry.Live.First(model => model.Name == name).Version} is live again");
        }));
        return new Command("models", "The model registry.") { folder, device, list, promote, rollback };
    }

    private static void WithRegistry(string? folder, string device, Action<ModelRegistry> act)
    {
        if (folder is not null && !Directory.Exists(folder)) throw new CommandException($"--models: '{folder}' there is no such folder", CommandException.Usage);
        using var metrics = new PolicyMetrics();
        using var registry = new ModelRegistry(folder ?? Installation.Models, new ModelRegistryOptions { Device = device }, metrics);
        try
        {
            registry.Reload();
            act(registry);
        }
        catch (Exception e) when (e is ModelRefusedException or InvalidOperationException)
        {
            throw new CommandException(e.Message, e);
        }
    }

    private static void List(CommandHost host, ModelRegistry registry, string? json)
    {
        IReadOnlyList<ModelListing> models = registry.List();
        if (models.Count == 0) host.Out.WriteLine("no models");
        else host.Console.Write(Draw(models));
        if (json is not null) JsonReport.Write(json, new { Models = models });
    }

    private static Table Draw(IReadOnlyList<ModelListing> models)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumns("policy", "version", "verdict", "live", "refused because");
        foreach (ModelListing model in models)
        {
            table.AddRow(
                Markup.Escape(model.Name), Markup.Escape(model.Version), model.Verdict?.ToString().ToLowerInvariant() ?? "-", model.IsLive ? "live" : "",
                Markup.Escape(model.Refusal is { } reason ? $"{reason}: {model.Message}" : ""));
        }

        return table;
    }
}
