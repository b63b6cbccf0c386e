# SPDX-License-Identifier: Apache-2.0
# Completion of smtpreply's commands, options and values for bash; needs nothing else.

# The options of a command; those that take a value end in `=`.
_smtpreply_options()
{
	case $1 in
	'') echo '--version --help' ;;
	explain | compare) echo '--lang= --help' ;;
	parse) echo '--file= --identifier= --catalogue.dir= --json --help' ;;
	report)
		echo '--since= --journal.directory= --journal.file= --journal.container= --journal.namespace=' \
			'--journal.trust= --catalogue.dir= --json --help'
		;;
	check) echo '--help' ;;
	esac
}

# The values of option $1 that begin with $2.
_smtpreply_values()
{
	local words=

	case $1 in
	--file | --journal.file)
		compgen -f -- "$2"
		return
		;;
	--journal.directory | --catalogue.dir)
		compgen -d -- "$2"
		return
		;;
	--identifier) words='postfix/smtp postfix/smtpd postfix/lmtp postfix/postscreen postfix/cleanup' ;;
	--journal.trust) words='trusted identifier' ;;
	--lang) words='en vi zh fr' ;;
	--since) words='now boot all' ;;
	esac
	compgen -W "$words" -- "$2"
}

_smtpreply()
{
	local command= option= cur=${COMP_WORDS[COMP_CWORD]} prev= before= i

	((COMP_CWORD > 0)) && prev=${COMP_WORDS[COMP_CWORD - 1]}
	((COMP_CWORD > 1)) && before=${COMP_WORDS[COMP_CWORD - 2]}
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} != -* ]]; then
			command=${COMP_WORDS[i]}
			break
		fi
	done

	# `=` is a word of its own, unless somebody took it out of COMP_WORDBREAKS.
	if [[ $cur == = ]]; then
		option=$prev cur=
	elif [[ $prev == = ]]; then
		option=$before
	elif [[ " $(_smtpreply_options "$command") " == *" $prev= "* ]]; then
		option=$prev
	fi

	if [[ $option ]]; then
		mapfile -t COMPREPLY < <(_smtpreply_values "$option" "$cur")
		[[ $option == *.dir* || $option == *file ]] && compopt -o filenames 2>/dev/null
	elif [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_smtpreply_options "$command")" -- "$cur")
		[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
	elif [[ ! $command ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'explain compare parse report check' -- "$cur")
	elif [[ $command == check ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
	fi
	return 0
}

complete -F _smtpreply smtpreply
