# plain: a DynamoDB value without its type names; {"N":"7"} becomes 7, {"M":{…}} an object.
def plain:
  to_entries[0] as {$key, $value}
  | if $key == "M" then $value | map_values(plain)
    elif $key == "L" then $value | map(plain)
    elif $key == "N" then $value | tonumber
    elif $key == "NS" then $value | map(tonumber)
    elif $key == "NULL" then null
    else $value
    end;

# item: the same for a whole item; null stays null.
def item: if . == null then . else map_values(plain) end;
