using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using LightReasoner.Worker.Runs;
using Parquet;

namespace LightReasoner.Worker.Data;

/// <summary>
/// Reads the rows of a Parquet file as JSON objects, the same as a JSONL file with these rows would give. One row group is in memory at a time.
/// </summary>
internal static class ParquetRecords
{
    /// <summary>The rows of one file.</summary>
    /// <exception cref="WorkerException">The file is damaged, or no Parquet file.</exception>
    public static async IAsyncEnumerable<(JsonObject Fields, string Place)> ReadAsync(
        DataFile file, [EnumeratorCancellation] CancellationToken cancellation)
    {
        string fileUri = file.Uri;
        await using Stream stream = await file.OpenAsync(cancellation);
        using ParquetReader reader = await ReaderAsync(stream, fileUri, cancellation);
        long number = 0;
        for (int group = 0; group < reader.RowGroupCount; group++)
        {
            ParquetRows rows = await RowsAsync(reader, group, fileUri, cancellation);
            while (Next(rows, fileUri, number) is { } row)
            {
                cancellation.ThrowIfCancellationRequested();
                yield return (row, $"{fileUri} row {++number}");
            }
        }
    }

    private static async Task<ParquetReader> ReaderAsync(Stream stream, string fileUri, CancellationToken cancellation)
    {
        try
        {
            return await ParquetReader.CreateAsync(stream, cancellationToken: cancellation);
        }
        catch (Exception e) when (e is ParquetException or IOException)
        {
            throw Bad(fileUri, e);
        }
    }

    private static async Task<ParquetRows> RowsAsync(ParquetReader reader, int group, string fileUri, CancellationToken cancellation)
    {
        try
        {
            return await ParquetRows.LoadAsync(reader, group, cancellation);
        }
        catch (Exception e) when (e is ParquetException or InvalidDataException)
        {
            throw Bad(fileUri, e);
        }
    }

    private static JsonObject? Next(ParquetRows rows, string fileUri, long number)
    {
        try
        {
            return rows.Next();
        }
        catch (InvalidDataException e)
        {
            throw Bad($"{fileUri} row {number + 1}", e);
        }
    }

    private static WorkerException Bad(string place, Exception e) => new(ExitCode.BadData, $"{place}: {e.Message}", e);
}
