using System.Runtime.ExceptionServices;
using ParquetSharp;
using ParquetSharp.IO;

namespace LightReasoner.Worker.Data;

/// <summary>Reads the rows of a Parquet file as a JSONL file of these rows would give them. A page of each column is in memory.</summary>
internal static class ParquetRecords
{
    /// <exception cref="WorkerException">The file is damaged, or no Parquet file.</exception>
    public static async IAsyncEnumerable<(JsonObject Fields, string Place)> ReadAsync(
        Stream stream, string uri, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        ParquetSource? source = null;
        long number = 0;
        using var rows = Rows(() => source = new ParquetSource(stream)).GetEnumerator();
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                if (!rows.MoveNext()) yield break;
            }
            catch (Exception e) when ((source?.Failure ?? e) is InvalidDataException or ParquetException or OutOfMemoryException)
            {
                throw new WorkerException(ExitCode.BadData,
                    $"{uri}{(number == 0 ? "" : $" row {number + 1}")}: {Reason(source?.Failure ?? e)}", e);
            }
            catch (ParquetException) when (source?.Failure is { } failure)
            {
                ExceptionDispatchInfo.Throw(failure); // of the storage
            }
            yield return (rows.Current, $"{uri} row {++number}");
        }
    }

    private static IEnumerable<JsonObject> Rows(Func<ParquetSource> open)
    {
        using var source = open();
        using var properties = ReaderProperties.GetDefaultReaderProperties();
        properties.EnableBufferedStream();
        properties.EnablePageChecksumVerification();
        using var input = new ManagedRandomAccessFile(source, leaveOpen: true);
        using var reader = new ParquetFileReader(input, properties);
        for (int i = 0; i < reader.FileMetaData.NumRowGroups; i++)
        {
            source.Enter(i);
            using var group = reader.RowGroup(i);
            var columns = new List<ParquetColumn>();
            try
            {
                for (int c = 0; c < group.MetaData.NumColumns; c++) columns.Add(ParquetColumn.Open(group, c));
                var rows = ParquetNode.OfRows(reader.FileMetaData.Schema.GroupNode, new Queue<ParquetColumn>(columns));
                for (long left = group.MetaData.NumRows; left > 0; left--)
                {
                    foreach (var column in columns) column.StartRow();
                    yield return (JsonObject)rows.Read()!;
                }
                foreach (var column in columns) column.ExpectEnd();
            }
            finally
            {
                columns.ForEach(column => column.Dispose());
            }
        }
    }

    /// <summary>Arrow's own words: <c>parquet::ParquetException (message: '…')</c> has them at its end.</summary>
    private static string Reason(Exception e)
    {
        const string start = "(message: '";
        var text = e.Message;
        var at = text.IndexOf(start, StringComparison.Ordinal);
        return e is OutOfMemoryException ? "a page does not fit into memory" : at < 0 ? text
            : text[(at + start.Length)..].TrimEnd(')', '\'').ReplaceLineEndings(" ").Trim();
    }
}
