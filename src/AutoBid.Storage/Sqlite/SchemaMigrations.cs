using System.Globalization;
using System.Reflection;

namespace AutoBid.Storage.Sqlite;

/// <summary>The numbered scripts that bring a database to the schema this program works with; each applies in one transaction of its own.</summary>
internal sealed class SchemaMigrations
{
    private const string ResourcePrefix = "sqlite/";

    private readonly (int Version, string Name, string Script)[] _scripts;

    public SchemaMigrations(IEnumerable<(int Version, string Name, string Script)> scripts)
    {
        _scripts = [.. scripts.OrderBy(script => script.Version)];
        for (int i = 0; i < _scripts.Length; i++)
        {
            if (_scripts[i].Version != i + 1)
                throw new InvalidOperationException($"Migration {i + 1} is missing: found '{_scripts[i].Name}'.");
        }
    }

    /// <summary>The scripts embedded in this assembly, named NNNN_what.sql.</summary>
    public static SchemaMigrations Embedded { get; } = new(ReadEmbedded());

    public int Latest => _scripts.Length;

    /// <summary>Applies what is missing. Throws <see cref="DatabaseOpenException"/> for a newer schema or a database of another program.</summary>
    public void Apply(SqliteSession session, string path)
    {
        int version = session.Write(current => ReadVersion(current, path));
        if (version > Latest)
        {
            throw new DatabaseOpenException(
                $"'{path}' has schema version {version}, this program knows versions up to {Latest}: it was written by a newer AutoBid. Use that one, or another file.");
        }

        foreach ((int number, string name, string script) in _scripts.AsSpan(version))
        {
            session.Write(current =>
            {
                // Another process may have opened the same file and come first.
                if (ReadVersion(current, path) >= number) return 0;
                current.Execute(script);
                return current.Statement("INSERT INTO schema_version (version, name) VALUES (?1, ?2)").Bind(1, number).Bind(2, name).Run();
            });
        }
    }

    private static int ReadVersion(SqliteSession session, string path)
    {
        const string Count = "SELECT count(*), coalesce(sum(name = 'schema_version'), 0) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
        SqliteStatement tables = session.Statement(Count);
        tables.Step();
        (long all, long versioned) = (tables.Long(0), tables.Long(1));
        tables.Reset();
        if (versioned == 0)
        {
            if (all > 0) throw new DatabaseOpenException($"'{path}' is a database of another program: it has tables but no schema_version.");
            session.Execute("CREATE TABLE schema_version (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL) STRICT");
            return 0;
        }

        SqliteStatement latest = session.Statement("SELECT coalesce(max(version), 0) FROM schema_version");
        latest.Step();
        int version = (int)latest.Long(0);
        latest.Reset();
        return version;
    }

    private static IEnumerable<(int Version, string Name, string Script)> ReadEmbedded()
    {
        Assembly assembly = typeof(SchemaMigrations).Assembly;
        foreach (string resource in assembly.GetManifestResourceNames())
        {
            if (!resource.StartsWith(ResourcePrefix, StringComparison.Ordinal)) continue;
            string name = Path.GetFileNameWithoutExtension(resource[ResourcePrefix.Length..]);
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            yield return (int.Parse(name.AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture), name, reader.ReadToEnd());
        }
    }
}
