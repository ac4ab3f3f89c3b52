using System.CommandLine;
using AutoBid.Cli.Output;
using AutoBid.Engine.Ports;
using AutoBid.Server.Auth;
using AutoBid.Storage;
using Spectre.Console;

namespace AutoBid.Cli.Commands;

/// <summary><c>autobid keys</c>: API keys in the service's database. A running service sees a change within 30 seconds, the very first key after a restart.</summary>
internal static class KeysCommand
{
    public static Command Create(CommandHost host)
    {
        var data = new Option<string>("--data") { Description = "Data folder of the service.", HelpName = "FOLDER", Recursive = true, DefaultValueFactory = _ => host.Environment("AUTOBID_DATA") ?? "data" };
        var postgres = new Option<string?>("--postgres")
        {
            Description = "PostgreSQL connection string of the service, where it has one.",
            HelpName = "CONN",
            Recursive = true,
            DefaultValueFactory = _ => host.Environment("AUTOBID_POSTGRES"),
        };
        var tenant = new Option<string>("--tenant") { Description = "Tenant of the key.", HelpName = "ID", DefaultValueFactory = _ => Caller.DefaultTenant };
        var scopes = new Option<string>("--scope", "--scopes") { Description = $"Comma-separated: {string.Join(", ", ScopeNames.Names)}.", HelpName = "LIST", DefaultValueFactory = _ => "admin" };
        var tenants = new Option<string?>("--bids-for") { Description = "Further tenants that an exchange's key may bid for, comma-separated.", HelpName = "LIST" };
        var prefix = new Argument<string>("prefix") { Description = "The part of the key between the first two underscores." };
        Option<string?> json = SharedOptions.Json();

        var setup = new Command("setup", "Print the first admin key, once: does nothing where keys exist.");
        setup.SetAction((parsed, cancellation) => WithStoreAsync(parsed.GetValue(postgres), parsed.GetValue(data)!, async store =>
        {
            if ((await store.ListAsync(cancellation)).Count > 0) await host.Out.WriteLineAsync("keys exist; their secrets cannot be shown again");
            else await host.Out.WriteLineAsync(await KeysOf(store).CreateAsync(Caller.DefaultTenant, ["admin"], [], cancellation));
        }, cancellation));
        var create = new Command("create", "Make a key and print it. Only its hash is kept.") { tenant, scopes, tenants };
        create.SetAction(async (parsed, cancellation) =>
        {
            string[] names = Split(parsed.GetValue(scopes)!);
            if (names.Length == 0 || !ScopeNames.TryParse(names, out _)) throw new CommandException($"--scope: of {string.Join(", ", ScopeNames.Names)}", CommandException.Usage);
            await WithStoreAsync(
                parsed.GetValue(postgres),
                parsed.GetValue(data)!,
                async store => await host.Out.WriteLineAsync(await KeysOf(store).CreateAsync(parsed.GetValue(tenant)!, names, Split(parsed.GetValue(tenants) ?? ""), cancellation)),
                cancellation);
        });
        var list = new Command("list", "Every key without its secret.") { json };
        list.SetAction((parsed, cancellation) => WithStoreAsync(
            parsed.GetValue(postgres), parsed.GetValue(data)!, async store => List(host, await store.ListAsync(cancellation), parsed.GetValue(json)), cancellation));
        var revoke = new Command("revoke", "Take a key back.") { prefix };
        revoke.SetAction((parsed, cancellation) => WithStoreAsync(parsed.GetValue(postgres), parsed.GetValue(data)!, async store =>
        {
            if (!await store.RevokeAsync(parsed.GetValue(prefix)!, cancellation)) throw new CommandException($"there is no key {parsed.GetValue(prefix)}");
        }, cancellation));
        return new Command("keys", "API keys of the service.") { data, postgres, setup, create, list, revoke };
    }

    private static ApiKeys KeysOf(IApiKeyStore store) => new(store, TimeProvider.System, TimeProvider.System);

    private static string[] Split(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static async Task WithStoreAsync(string? postgres, string folder, Func<IApiKeyStore, Task> act, CancellationToken cancellation)
    {
        try
        {
            await using Stores stores = await Stores.OpenAsync(string.IsNullOrEmpty(postgres) ? null : postgres, folder, eventTime: false, cancellation);
            await act(stores.ApiKeys);
        }
        catch (Exception e) when (e is DatabaseOpenException or StoreUnavailableException)
        {
            throw new CommandException(e.Message, e);
        }
    }

    private static void List(CommandHost host, IReadOnlyList<ApiKeyRow> keys, string? json)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumns("prefix", "tenant", "scopes", "bids for", "created");
        foreach (ApiKeyRow key in keys)
        {
            table.AddRow(
                Markup.Escape(key.Prefix), Markup.Escape(key.TenantId), Markup.Escape(string.Join(", ", key.Scopes)), Markup.Escape(string.Join(", ", key.Tenants)),
                key.CreatedAt.ToString("yyyy-MM-dd HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture));
        }

        host.Console.Write(table);
        if (json is not null) JsonReport.Write(json, new { Keys = keys.Select(key => new { key.Prefix, Tenant = key.TenantId, key.Scopes, key.Tenants, key.CreatedAt }) });
    }
}
